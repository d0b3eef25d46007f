"""What the functions share: one package for each feature. See CONTRIBUTING.md."""

import gc

# Ten times the runtime's own threshold. Nothing that an import makes is garbage, and the collector
# would look at all of it again and again in each cold start (ADR 4).
gc.set_threshold(20_000)
