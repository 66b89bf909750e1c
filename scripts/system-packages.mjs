// The programs from outside npm that the tests drive: installed through apt as root, named with the command otherwise.
import { findProgram, runProgram } from './programs.mjs';

const INSTALL_LIMIT_MS = 10 * 60_000;

/** Debian's package for each program, and what is left out without it. */
const WANTED = [
  {
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    package: 'chromium',
    part: 'the page in a browser, the stand-in shell',
  },
  { programs: ['pulseaudio'], package: 'pulseaudio', part: 'the virtual microphone' },
  { programs: ['paplay'], package: 'pulseaudio-utils', part: 'the virtual microphone' },
  { programs: ['arecord'], package: 'alsa-utils', part: 'the virtual microphone' },
  { programs: ['sox'], package: 'sox', part: 'recording through sox' },
  { programs: ['cmake'], package: 'cmake', part: 'the native engine' },
  { programs: ['c++', 'g++', 'clang++'], package: 'g++', part: 'the native engine' },
];
/** Goes with pulseaudio: lets arecord reach it. Not a program, so its presence follows from alsa-utils having been missing. */
const COMPANIONS = { 'alsa-utils': ['libasound2-plugins'] };

/** Installs what is missing where it can. @returns {Promise<string[]>} a line for each part that stays without its program */
export async function provideSystemPackages(say) {
  const missing = () => WANTED.filter(({ programs }) => findProgram(...programs) === undefined);
  const packages = missing().flatMap((entry) => [entry.package, ...(COMPANIONS[entry.package] ?? [])]);
  if (packages.length === 0) return [];
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.platform === 'linux' && process.getuid?.() === 0 && findProgram('apt-get')) {
    say(`installing ${packages.join(', ')} (apt-get)`);
    const options = { limitMs: INSTALL_LIMIT_MS, quiet: true, env: { DEBIAN_FRONTEND: 'noninteractive' } };
    await runProgram('apt-get', ['update'], options);
    const { code, output } = await runProgram('apt-get', command.split(' ').slice(1), options);
    if (code !== 0) console.error(output);
  } else {
    say(`to run every test, install first: sudo ${command}`);
  }
  return missing().map((entry) => `${entry.part} (needs ${entry.package})`);
}
