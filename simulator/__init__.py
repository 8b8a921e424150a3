"""Stand-ins for outside services, for the demonstration and the tests. The portal imports nothing from
here."""
