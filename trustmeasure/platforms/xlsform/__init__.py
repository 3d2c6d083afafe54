"""XLSForm: survey definitions of ODK and Kobo, in both directions."""
