"""A warning centre, national or joint: one class, and a function of its events.

===================  ===============================================================================
module               what it holds
===================  ===============================================================================
core                 the centre: events in, effects out
configuration        what a centre is: sensors, partners, policy, limits
events               what happens to it
effects              what it does
intake               envelopes of others: opened, known again, refused
own                  own sensors followed: tracks, and reports that are due
gathering            tracks gathered for a round of judgements
own_watch            the same, judged; and a recording of it played back
joint_picture        what others report on tracks, fused, and who may be believed
expectation          which reports were to be expected of whom
rhythm               how the words of each contributor come, and when one has failed to
picture              between messages and what is estimated
floor                the watch floor: what becomes of each alert
board                all alerts of the floor by their numbers, and how each is shown
track_alerts         alerts of tracks
report_alerts        alerts on what others report
alert                an alert of the floor
launches             launches as different centres state them
same_launch          which tracks are of one launch
launch_reports       what others have reported of launches
statements           what is to be said of alerts
launch_notices       that an announced launch was made, and when
questions            what people of two centres ask and answer one another
remarks              what others remark on an alert: evidence, and nothing else
restart              who may have been told of what, where a part of the ledger is lost
descriptions         sensors as their owners describe them
sensor_status        which sensors work: own ones, and partners' as they say
silence              partners that are no longer heard, and when they are again
terms                on which something may be said: offered anew when they change
subjects             what is known of the subject of a message, for the policy alone
outbox               what waits to be said, until it is acknowledged
memory               all that is remembered, as bytes and back
===================  ===============================================================================
"""
