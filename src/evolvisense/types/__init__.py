"""Values that travel between the layers: frozen dataclasses of numpy arrays with units and shapes.

`media`: frames, audio blocks, facts about a file. `faces`: detections, observations.
`voice`: contours and measures. `scores`: emotions and formula results.
`engines`: protocols of the exchangeable engines. `progress`: progress and cancellation.
"""
