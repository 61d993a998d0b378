"""The tests, tested: false alarms and power of the battery and its peers, by simulation.

``python -m noisedim.normality.audit`` makes the files of this folder, which ship with the package; the report shows them.
"""
