"""What one centre believes: from detections to tracks.

=====================  ========================================================================
``estimate``           beliefs about objects: records, tables, prediction, normalised error
``motion_kernel``      compiled: free and powered flight with their covariance
``assignment_kernel``  compiled: which row takes which column, at the least total cost
=====================  ========================================================================
"""
