"""All checks, in the order of the page: what is claimed, where that is from, and the function that looks."""

from answers.validation import cascades, downtime, labels, leaving, money, security, spreading
from answers.validation.validate_measure import Check

EMAIL = "debian-user, June 2018"

CHECKS = (
    Check(
        "The thought experiment",
        "A full server earns 5,000 dollars a month, patches cost 100, a fifth moves: 4,000 against 5,880 per original "
        "server. Patching pays for the rival iff more than 2.0408 % move, out-earns iff more than 1.0101 %, copying "
        "pays iff more than 2 % would leave; the break-even price is 1,000.",
        EMAIL,
        money.the_emails_arithmetic,
    ),
    Check(
        "Break-even price with churn",
        "`c* = m dh / (delta + h0 + dh)` per user and month, where users leave for good at rate delta, for rivals at "
        "h0, and because of reboots at dh (0.25, 0.05, 0.20 a year, margin 5). Stays are of whole days.",
        "Little 1961",
        money.break_even_with_churn,
        replicates=24,
        quick=8,
    ),
    Check(
        "Downtime of a rebooting host",
        "Campaigns renew every `max(notice, 1) + (1 - p) / p` days, `p = 1 - exp(-6.4 / 365)`, at 5 minutes each; the "
        "count over T days has variance `T var / mean^3` of the cycle.",
        "renewal theory, Feller 1968, XIII.6",
        downtime.of_a_rebooting_host,
        replicates=24,
        quick=8,
    ),
    Check(
        "Reboots of a live-patched fleet",
        "Per day `(1 - exp(-mu)) / (1 - exp(-mu tau))`, the daily form of `mu / (1 - exp(-mu tau))`, with mu the flaws "
        "that no live patch covers and tau the days of support.",
        "renewal theory, Feller 1968, XIII.6",
        downtime.of_a_live_patched_fleet,
        replicates=24,
        quick=8,
    ),
    Check(
        "Full information, long memory, equal prices",
        "The share that leaves is F_tau(difference in minutes a month), F_tau the lognormal distribution of tolerance.",
        "",
        leaving.by_tolerance,
    ),
    Check(
        "A difference in price",
        "It counts as price over value of a minute: a dollar at 0.10 dollars a minute is 10 minutes a month.",
        "",
        leaving.for_a_price,
    ),
    Check(
        "Nobody moves",
        "Without flaws, with endless tolerance, or without talk and adverts.",
        "",
        leaving.nobody,
    ),
    Check(
        "Talk as spread",
        "Who has k neighbours that talk with chance r stays unaware with `(1 - r)^k` a day; k = 4, r = 0.05.",
        "",
        spreading.by_talk,
    ),
    Check(
        "Adverts as external influence",
        "The aware share is `1 - (1 - p)^t`; p = 0.02 a day.",
        "Bass 1969",
        spreading.by_adverts,
    ),
    Check(
        "Granovetter's riot",
        "With thresholds 0, 1, ..., 99 all hundred join; with the 1 replaced by a 2, one does.",
        "Granovetter 1978",
        spreading.riots,
    ),
    Check(
        "Watts's cascade window",
        "At threshold 0.18 single pioneers sweep random graphs of mean degree between 1.02 and 5.76 only. Inside, with "
        "the chance that a link leads to the giant cluster of vulnerable users; such a cascade then takes the share "
        "that the mean-field recursion gives.",
        "Watts 2002; Gleeson and Cahalane 2007",
        cascades.watts_window,
        replicates=40,
        quick=12,
    ),
    Check(
        "Listening as averaging",
        "On a connected graph, without outages and forgetting, beliefs stay within their first range and converge.",
        "DeGroot 1974",
        spreading.averaging,
    ),
    Check(
        "Choice with noise",
        "Gains of 1, 0.5 and 0 with noise 1 are chosen in shares 0.50648, 0.30720, 0.18632.",
        "multinomial logit, McFadden 1974",
        leaving.by_logit,
    ),
    Check(
        "Conservation",
        "Users, instances and dollars are conserved every day.",
        "",
        labels.conserved,
    ),
    Check(
        "Renumbering the providers",
        "Listing them in another order changes nothing but the labels.",
        "",
        labels.providers_renumbered,
    ),
    Check(
        "Renumbering the users",
        "It changes nothing but the labels, where the day draws nothing per user.",
        "",
        labels.users_renumbered,
    ),
    Check(
        "Exposure to one flaw",
        "Server s of S is open `notice + floor(s * window / S)` days under reboots, so `notice + (window - 1) / 2` on "
        "average; under live patches the delay of the patch; without patching to the end.",
        "",
        security.of_one_flaw,
    ),
    Check(
        "The cheapest patch cycle",
        "With flaws at rate lambda, K dollars a campaign and d dollars a day for an open flaw, a campaign every T days "
        "costs `K / T + lambda d T / 2` a day, least at `T* = sqrt(2 K / (lambda d))`; here 20 days. In daily steps "
        "`K (1 - exp(-lambda T)) / T + lambda d (T - 1) / 2`.",
        "Cavusoglu, Cavusoglu and Zhang 2008",
        security.of_the_patch_cycle,
        replicates=12,
        quick=4,
    ),
    Check(
        "The day to apply an update",
        "A fix is bad with chance p until it is recalled, after r days on average; an open flaw is breached at rate a. "
        "The falling chance `p exp(-t / r)` meets the rising one at `r ln(p bad / (r a breach))`.",
        "Beattie et al. 2002",
        security.of_the_day_to_patch,
        replicates=120,
        quick=40,
    ),
    Check(
        "Flaws in bursts",
        "Counts a year are negative binomial, with mean m and variance `m + m^2 / k` (10.8 and k = 3.8, as Debian's).",
        "",
        security.of_overdispersed_flaws,
        replicates=4000,
        quick=1000,
    ),
    Check(
        "Breaches",
        "With a constant hazard a over E exploitable server-days, Poisson with mean a E.",
        "",
        security.of_breaches,
        replicates=200,
        quick=60,
    ),
    Check(
        "Calibration of the thought experiment",
        "The median run loses the email's 20 % in a year. No test of the model: the median tolerance was set so.",
        EMAIL,
        leaving.a_fifth,
        replicates=51,
        quick=21,
    ),
)
