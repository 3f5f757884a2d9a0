"""The service's functions.

What an import makes stays. At the default threshold the collector looks through all of it again and again while it
is made, and once more in the first answer: a tenth of a cold start, for nothing.
"""

import gc

gc.set_threshold(50_000)
