"""The table and its ways: spec, validated table, tensors, batches, splits."""
