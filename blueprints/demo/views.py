"""Pages that exist in a demonstration only: sign-ins and sent mails."""
