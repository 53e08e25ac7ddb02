"""The command line: the runs that must be clean, and those that must not."""
import argparse
import collections
import multiprocessing
import traceback

from .sim import FLAWS
from .world import FAULTS, World

SEEDS = range(2000, 2600)

# Seeds that are clean, but with that flaw. The other flaws were not seen to break a run (README.md).
BROKEN_BY = {
    'bind-unchecked': 80043,
    'cursor-unproven': 80006,
    'early-merge': 80000,
    'local-direct': 80000,
    'log-expires': 80006,
    'no-turn': 80000,
    'notes-lost': 80053,
    'retry-blind': 80002,
    'sent-unawaited': 80000,
    'seq-restarts': 80024,
    'stale-connect': 80163,
    'sub-by-reply': 80000,
    'sub-unordered': 80003,
    'young-silent': 1084,
}
OFTEN_EMPTIED = ('young-silent',)  # too rare among all faults


def play(job):
    """(job, what must not be, what was counted)"""
    seed, flaws, faults = job
    try:
        sim = World(seed, flaws, False, faults).play()
        return job, sim.bad, dict(sim.count)
    except Exception:  # a broken model is a failed run
        return job, ['model: ' + traceback.format_exc()[-600:]], {}


def total(counts):
    """of many runs; of ages the highest"""
    whole = sum((collections.Counter(count) for count in counts), collections.Counter())
    oldest = max(count.get('oldest double ms', 0) for count in counts)
    return {**dict(sorted(whole.items())), 'oldest double ms': oldest}


def jobs_of_test(seeds, faults):
    """seeds that must be clean; the first one again; and what each flaw must break"""
    clean = [(seed, (), faults) for seed in seeds]
    broken = []
    for flaw, seed in BROKEN_BY.items():
        these = ('empty',) if flaw in OFTEN_EMPTIED else tuple(FAULTS)
        clean.append((seed, (), these))
        broken.append((seed, (flaw,), these))
    return list(dict.fromkeys(clean)), broken


def test(pool, seeds, faults):
    clean, broken = jobs_of_test(seeds, faults)
    results = list(pool.imap(play, clean + clean[:1] + broken, 4))
    first, again = results[0], results.pop(len(clean))
    complaints = [] if first == again else [f'seed {first[0][0]} was played twice, and differs']
    for (seed, flaws, _), bad, _ in results:
        if bad and not flaws:
            complaints.append(f'seed {seed}: {len(bad)} x {bad[0]}')
        elif flaws and not bad:
            complaints.append(f'seed {seed} is clean in spite of {flaws[0]}')
    for complaint in complaints:
        print('FAIL', complaint)
    print(total([count for (_, flaws, _), _, count in results if not flaws]))
    print(f'{len(results) + 1 - len(complaints)} passed, {len(complaints)} failed')
    return bool(complaints)


def count_broken(pool, seeds, flaws, faults):
    broken = [
        (job[0], bad[0]) for job, bad, _ in pool.imap(play, [(s, flaws, faults) for s in seeds], 4) if bad
    ]
    print(' '.join(flaws), f'{len(broken)} of {len(seeds)} runs broken', *broken[:1])


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--first', type=int, default=SEEDS[0], help='the first seed')
    ap.add_argument('--seeds', type=int, default=len(SEEDS), help='how many')
    ap.add_argument('--seed', type=int, help='one run')
    ap.add_argument('--trace', action='store_true', help='... told line by line')
    ap.add_argument(
        '--flaw', action='append', default=[], choices=sorted(FLAWS), help='... with a mistake put back'
    )
    ap.add_argument('--each-flaw', action='store_true', help='how many of the seeds each flaw breaks')
    ap.add_argument('--faults', default=','.join(FAULTS), help='which may happen [%(default)s]')
    args = ap.parse_args()
    faults = tuple(fault for fault in args.faults.split(',') if fault)
    seeds = range(args.first, args.first + args.seeds)
    if args.seed is not None:
        sim = World(args.seed, args.flaw, args.trace, faults).play()
        print(*(sim.bad or ['clean']), dict(sim.count), sep='\n')
        return bool(sim.bad)
    with multiprocessing.Pool() as pool:
        if args.each_flaw or args.flaw:
            for flaws in [(flaw,) for flaw in sorted(FLAWS)] if args.each_flaw else [tuple(args.flaw)]:
                count_broken(pool, seeds, flaws, faults)
            return 0
        return test(pool, seeds, faults)
