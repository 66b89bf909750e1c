// npm run test:cluster: a tiny sweep as a job array on a real one-node Slurm, one array task killed half-way, against the same
// sweep in one process: both must give the same merged report. Needs root for the scheduler's daemons; otherwise says so.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './fingerprint.mjs';
import { findProgram, runProgram } from './programs.mjs';
import { runScript, setup } from './setup.mjs';

const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch'];
const INSTALL = 'apt-get install -y --no-install-recommends slurm-wlm munge';
const INSTALL_LIMIT_MS = 10 * 60_000;
const START_LIMIT_MS = 60_000;
const RESULT_LIMIT_MS = 3 * 60_000;
const SWEEP_LIMIT_MS = 10 * 60_000;
const POLL_MS = 20;
const MUNGE_KEY_BYTES = 1024;
/** Ports of this scheduler, off the usual ones. */
const CONTROLLER_PORT = 16817;
const NODE_PORT = 16818;
const SHARDS = 4;
/** Ten units without data; the first shard's later units take seconds. */
const EXPERIMENT = 'match-theory';

const say = (line) => console.error(`test:cluster: ${line}`);
const winnow = (...args) => ['bin/winnow', 'experiment', ...args];

/** Waits until `check` gives something. */
async function until(what, limitMs, check) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what} took longer than ${limitMs / 1000} s`);
    await sleep(POLL_MS);
  }
}

/** Scheduler and node of their own, with all state in `folder`. @returns what ends them, and the environment of their commands */
async function startSlurm(folder) {
  const host = os.hostname().split('.')[0];
  const socket = join(folder, 'munge.socket');
  const conf = join(folder, 'slurm.conf');
  for (const name of ['state', 'spool', 'log']) mkdirSync(join(folder, name));
  spawnSync('dd', ['if=/dev/urandom', `of=${join(folder, 'munge.key')}`, `bs=${MUNGE_KEY_BYTES}`, 'count=1'], {
    stdio: 'ignore',
  });
  spawnSync('chmod', ['0400', join(folder, 'munge.key')]);
  const settings = {
    ClusterName: 'winnow',
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmctldPort: CONTROLLER_PORT,
    SlurmdPort: NODE_PORT,
    AuthType: 'auth/munge',
    AuthInfo: `socket=${socket}`,
    CredType: 'cred/munge',
    SlurmUser: 'root',
    SlurmdUser: 'root',
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_CPU',
    MpiDefault: 'none',
    ReturnToService: 2,
    StateSaveLocation: join(folder, 'state'),
    SlurmdSpoolDir: join(folder, 'spool'),
    SlurmctldPidFile: join(folder, 'slurmctld.pid'),
    SlurmdPidFile: join(folder, 'slurmd.pid'),
    SlurmctldLogFile: join(folder, 'log/slurmctld'),
    SlurmdLogFile: join(folder, 'log/slurmd'),
    NodeName: `${host} NodeAddr=127.0.0.1 CPUs=${os.availableParallelism()} State=UNKNOWN`,
    PartitionName: `all Nodes=${host} Default=YES MaxTime=INFINITE State=UP`,
  };
  writeFileSync(
    conf,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const env = { ...process.env, SLURM_CONF: conf };
  const daemons = [];
  const start = (program, ...args) => {
    const child = spawn(findProgram(program), args, { env, stdio: 'ignore' });
    daemons.push(child);
    return child;
  };
  const stop = async () => {
    for (const child of daemons.reverse()) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await Promise.race([ended, sleep(5_000).then(() => child.kill('SIGKILL'))]);
    }
  };
  try {
    start(
      'munged',
      '--foreground',
      '--force',
      `--key-file=${join(folder, 'munge.key')}`,
      `--socket=${socket}`,
      `--pid-file=${join(folder, 'munge.pid')}`,
      `--log-file=${join(folder, 'log/munged')}`,
      `--seed-file=${join(folder, 'munge.seed')}`,
    );
    await until('munge', START_LIMIT_MS, () => existsSync(socket));
    start('slurmctld', '-D', '-f', conf);
    start('slurmd', '-D', '-f', conf);
    const state = () => spawnSync('sinfo', ['-h', '-o', '%T'], { env, encoding: 'utf8' }).stdout?.trim();
    await until('the node', START_LIMIT_MS, () => state() === 'idle');
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, stop };
}

/** Submits the sweep as a job array. @returns the job's number and what resolves with its exit status */
async function submit(script, env) {
  const child = spawn('sbatch', ['--wait', '--parsable', `--array=0-${SHARDS - 1}`, script], { cwd: ROOT, env });
  let id = '';
  child.stdout.on('data', (bytes) => (id += bytes));
  child.stderr.pipe(process.stderr);
  const ended = new Promise((resolve) => child.once('close', resolve));
  await until('sbatch', START_LIMIT_MS, () => id.includes('\n'));
  return { id: id.trim(), ended };
}

/** The report of a folder as JSON, without the machine time that no two runs share. */
async function report(out) {
  const { status, stdout, stderr } = spawnSync(process.execPath, winnow('report', out, '--json'), {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`no report: ${stderr}`);
  const { reports, notes } = JSON.parse(stdout);
  return JSON.stringify({ reports: reports.map((each) => ({ ...each, seconds: 0 })), notes });
}

function check(holds, what) {
  if (!holds) throw new Error(`FAILED: ${what}`);
  console.log(`ok: ${what}`);
}

async function provide() {
  const missing = () => PROGRAMS.filter((program) => findProgram(program) === undefined);
  if (process.platform !== 'linux' || process.getuid() !== 0) return 'Slurm’s daemons need root on Linux';
  if (missing().length === 0) return null;
  if (!findProgram('apt-get')) return `there is no ${missing().join(', ')}`;
  say(`installing Slurm (${INSTALL})`);
  const options = { limitMs: INSTALL_LIMIT_MS, quiet: true, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await runProgram('apt-get', ['update'], options);
  await runProgram('apt-get', INSTALL.split(' ').slice(1), options);
  return missing().length === 0 ? null : `there is no ${missing().join(', ')}`;
}

await runScript(async () => {
  const reason = await provide();
  if (reason !== null) {
    console.log(`skipped: ${reason}. As root: ${INSTALL}, then npm run test:cluster`);
    return 0;
  }
  await setup();
  const folder = mkdtempSync(join(os.tmpdir(), 'winnow-cluster-'));
  const out = join(folder, 'shards');
  const script = join(folder, 'sweep.sh');
  // Output goes to nowhere: a job's file would lie in the project.
  const line = `${process.execPath} ${winnow('run', EXPERIMENT, '--threads', '1', '--out', out).join(' ')}`;
  writeFileSync(
    script,
    `#!/bin/sh\n#SBATCH --output=/dev/null\necho $$ > ${folder}/pid-$SLURM_ARRAY_TASK_ID\nexec ${line} --shard "$SLURM_ARRAY_TASK_ID/${SHARDS}"\n`,
  );
  let slurm;
  try {
    const whole = join(folder, 'whole');
    say('the sweep in one process');
    const { code } = await runProgram(process.execPath, winnow('run', EXPERIMENT, '--threads', '1', '--out', whole), {
      limitMs: SWEEP_LIMIT_MS,
      quiet: true,
    });
    check(code === 0, 'the sweep runs in one process');
    slurm = await startSlurm(folder);
    say('the sweep as a job array');
    const first = await submit(script, slurm.env);
    const file = join(out, `${EXPERIMENT}.shard-0-of-${SHARDS}.jsonl`);
    await until('the first result', RESULT_LIMIT_MS, () => existsSync(file) && readFileSync(file, 'utf8').includes('\n'));
    process.kill(Number(readFileSync(join(folder, 'pid-0'), 'utf8')), 'SIGKILL');
    // A task that a signal ended has exit status 0 for sbatch: what is missing tells.
    await first.ended;
    const kept = readFileSync(file, 'utf8').trim().split('\n').length;
    check(
      kept > 0 && (await report(out)) !== (await report(whole)),
      `${kept} of its units were finished; the report is not whole`,
    );
    const second = await submit(script, slurm.env);
    check((await second.ended) === 0, 'the same array, submitted again, finishes what is missing');
    check((await report(out)) === (await report(whole)), 'the merged report is that of one process');
  } finally {
    await slurm?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return 0;
});
