"""Other programs' functions under their own names and signatures: one import changed, the same numbers."""
