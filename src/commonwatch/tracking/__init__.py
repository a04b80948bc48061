"""What one centre believes: from detections to tracks.

======================  =======================================================================
``tracker``             the tracker of a centre: detections in, beliefs and dispositions out
``settings``            what it is told beside its sensors
``estimate``            beliefs about objects: records, tables, prediction, normalised error
``given_states``        the units of tables of tracks and truth that people hand in
``given_dispositions``  whether dispositions that people hand in are of these tracks
``disposition``         what became of a detection: the words, and a table of them
``fates``               what became of every row of a table of detections
``smoothing``           where each object was, from all its plots together
``frame``               one sensor's look around: the plots of an instant
``advance``             one frame taken into all tracks
``plots``               a frame's plots as the kernels take them, biases taken off
``beginning``           how tracks begin, from a plot or from a line of sight
``ending``              how ends are told: never from inside the Earth
``bank``                all tracks in arrays that grow and can be copied
``lights``              lines that meet a place where their satellite saw a light before
``company``             tracks that fly close together, and what each sensor said of each
``view``                the sensors as the compiled tracker takes them
``frame_kernel``        compiled: the digest of a plot, which names the track that starts there
``motion_kernel``       compiled: free and powered flight with their covariance
``kalman_kernel``       compiled: one object against one plot, extended and unscented
``bias_kernel``         compiled: how tracks hang on the radars' constant errors
``bank_kernel``         compiled: all tracks predicted and updated
``gate_kernel``         compiled: which plots may belong to which tracks
``crowd_kernel``        compiled: how close together plots stand
``association_kernel``  compiled: which plot belongs to which track
``assignment_kernel``   compiled: which row takes which column, at the least total cost
``company_kernel``      compiled: tracks in close company told apart
``life_kernel``         compiled: how tracks begin, are believed, and end
``giving_up_kernel``    compiled: which tracks that nobody sees are known too badly to be kept
``view_kernel``         compiled: who can see an object, and how likely one look does
``smoothing_kernel``    compiled: flights forward and back, until they stay
======================  =======================================================================
"""
