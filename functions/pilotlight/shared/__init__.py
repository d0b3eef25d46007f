"""What every feature uses: timestamps, settings, clients of AWS, HTTP, DNS."""
