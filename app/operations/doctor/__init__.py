"""The doctor: looks at everything that the board needs, and says what to do where it is not well."""
