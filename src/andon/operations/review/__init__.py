"""What a person reviews: numbers over some days, each computed from what was recorded."""
