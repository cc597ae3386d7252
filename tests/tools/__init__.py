"""The tools that measure and torment the product must themselves be right."""
