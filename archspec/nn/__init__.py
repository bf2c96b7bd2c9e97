"""The torch modules: for every kind under `archspec.spec` the module that does it, in a file of the same name.

Tokens are (B, N, C), contiguous and row by row over a grid of (rows, columns), class tokens among them. What works on
a map of them takes the view (B, C, H, W), which is in torch's channels-last layout and so costs no copy.
"""
