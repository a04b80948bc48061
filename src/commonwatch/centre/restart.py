"""Who may have been told of what, where a centre goes on without a part of its ledger.

A cancellation goes to whoever had the original, and to nobody else. Where nothing that is left says
who had it, it goes to everyone to whom the policy let the original go: it tells them of nothing
that they may not know.
"""

from __future__ import annotations

from collections.abc import Sequence

from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.statements import Statements, launch_of
from commonwatch.centre.subjects import Subjects
from commonwatch.sharing.ledger import Told
from commonwatch.sharing.messages import Message
from commonwatch.sharing.policy import decide


def may_have_been_told(
    statements: Statements,
    subjects: Subjects,
    configuration: CentreConfiguration,
    instants_ns: Sequence[int],
) -> Told:
    """Return every alert that stands, and each partner to whom the policy lets its report go.

    Parameters
    ----------
    statements
        What the centre says of its alerts.
    subjects
        What it knows of them beside.
    configuration
        The centre's, with its partners and policy.
    instants_ns
        When it may have left: a right at any of these counts.

    Notes
    -----
    No report is made before its launch, so that a delay counts from there. Whether a person had
    released the report is not asked: that may be what is lost.
    """
    told = []
    for report in statements.standing():
        message = Message(
            purpose=configuration.purpose,
            originator=configuration.nation,
            number=0,
            made_ns=max(launch_of(report).launch_time_ns, 0),
            body=report,
        )
        recipients = tuple(
            partner.nation
            for partner in configuration.partners
            if any(
                decide(
                    message,
                    partner.nation,
                    configuration.policy,
                    now_ns,
                    known=subjects.of(report),
                ).message
                for now_ns in instants_ns
            )
        )
        told.append((report.event, recipients))
    return tuple(told)
