"""The command `pilot-light status`: what is asked, how it is judged, how it looks."""
