"""Reading mailboxes by IMAP (RFC 3501, RFC 9051, IDLE of RFC 2177, MOVE of RFC 6851)."""
