"""An outage under load: the expected result, and the observed one."""
