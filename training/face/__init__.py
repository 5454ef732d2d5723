"""The face network: data, teacher labels, training, export and its card."""
