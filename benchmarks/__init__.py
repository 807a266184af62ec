"""What the service costs, measured beside the least that its packages allow. Run by hand: python -m benchmarks"""
