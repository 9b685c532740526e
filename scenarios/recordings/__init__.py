"""What the verbs about recordings and live sources do: info, convert, record, view, devices."""
