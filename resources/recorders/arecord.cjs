// arecord for node-record-lpcm16, which loads this file by its path. Its own recipe leaves the portions to ALSA: 125 ms each.
// Portions of one hop keep the picture smooth and the delay short; a second of buffer rides out a busy machine.
const PERIOD_US = 32_000;
const BUFFER_US = 1_000_000;

module.exports = ({ device, sampleRate, channels, audioType }) => ({
  cmd: 'arecord',
  args: [
    ...(device ? ['-D', device] : []),
    ...['-q', '-r', sampleRate, '-c', channels, '-t', audioType, '-f', 'S16_LE'],
    ...[`--period-time=${PERIOD_US}`, `--buffer-time=${BUFFER_US}`, '-'],
  ],
});
