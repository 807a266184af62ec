"""FairSemaphore, clocks and cores."""
