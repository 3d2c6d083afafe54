"""LimeSurvey: survey definitions and response exports, in both directions."""
