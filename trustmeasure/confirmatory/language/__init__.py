"""The language of models: from lavaan's syntax to a table of parameters."""
