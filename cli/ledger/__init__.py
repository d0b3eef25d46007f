"""The commands `pilot-light ledger …`: the writes that a disaster left behind."""
