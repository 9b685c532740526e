"""Live sources of events (USB cameras, DV servers, UDP) behind a bounded queue, and files at the pace of life."""
