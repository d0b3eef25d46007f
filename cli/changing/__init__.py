"""What commands that change something share: their options, a person's consent, the sending."""
