"""Who may ask: logins, allowed hosts and origins, rate limits, security headers."""
