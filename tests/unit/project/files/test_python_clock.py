"""What of the clock a Python file reads is told by its text, whatever it calls what it imported."""

import ast

import pytest

from andon.model.dataset import ClockUse
from andon.project.files.python_clock import clock_of

INSTANT, DATE, NONE = ClockUse.INSTANT, ClockUse.DATE, ClockUse.NONE


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (INSTANT, "from datetime import datetime as d\nd.now()"),
        (INSTANT, "import datetime as dt\ndt.datetime.now(dt.timezone.utc)"),
        (INSTANT, "from datetime import datetime\nclock = datetime\nclock.utcnow()"),
        (INSTANT, "import time\ntime.strftime('%c')"),
        (INSTANT, "import time\nf(default_factory=time.time)"),
        (INSTANT, "from time import time_ns as t\ndef f():\n    return t()"),
        (INSTANT, "def f():\n    from andon import logical_time\n    return logical_time()"),
        (INSTANT, "import pandas as pd\npd.Timestamp('now')"),
        (INSTANT, "import pandas\npandas.Timestamp.now()"),
        (INSTANT, "o.filter(f'day > now() - interval {n} day')"),
        (INSTANT, "sql = 'select current_timestamp'"),
        (DATE, "import datetime\ndatetime.date.today()"),
        (DATE, "from datetime import datetime\ndatetime.now().date()"),
        (DATE, "from andon import logical_time\nlogical_time().date()"),
        (DATE, "import numpy as np\nnp.datetime64('today')"),
        (DATE, "o.project('current_date - day as age')"),
        (INSTANT, "from datetime import date, datetime\ndate.today(), datetime.now()"),
        (NONE, "import pandas as pd\npd.Timestamp('2025')"),
        (
            NONE,
            "import time\ntime.strftime('%c', x), time.gmtime(0), time.monotonic(), time.perf_counter(), time.sleep(1)",
        ),
        (NONE, "'''Told by now().'''\nx = {'current_date': 1}\ny['current_date']"),
        (NONE, "@dataset(description='as of current_date')\ndef f(): ...\n"),
        (NONE, "o.query('x', 'select age(a, b), knowing(1), localtimes')"),
    ],
)
def test_what_is_read_of_the_clock(use, text):
    assert clock_of(ast.parse(text)) is use
