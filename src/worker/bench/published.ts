import type { PublishedSpeed } from '../../shared/bench.js';

const POSTER = 'Numenta’s poster';

/**
 * Words per second that were published for the same kind of network (64-64-1500, Speech Commands) on other hardware, whole chip.
 * They stand beside the measured ones, never among them.
 */
export const PUBLISHED_SPEEDS: readonly PublishedSpeed[] = [
  speed('NVIDIA K80', 'dense', 20_118, POSTER),
  speed('NVIDIA V100', 'dense', 61_638, POSTER),
  speed('Alveo U250 FPGA (225 W)', 'dense', 12_195, POSTER),
  speed('Alveo U250 FPGA (225 W)', 'sparse weights', 625_000, POSTER),
  speed(
    'Alveo U250 FPGA (225 W)',
    'sparse weights and activations',
    1_365_840,
    'computed: 112 times the dense one, numenta.com, June 2021',
  ),
  speed('ZCU104 FPGA board (60 W)', 'dense', 6_420, 'computed: 107 words/s/W of the poster'),
  speed('ZCU104 FPGA board (60 W)', 'sparse weights', 79_980, 'computed: 1,333 words/s/W of the poster'),
  speed('ZU3EG FPGA (24 W)', 'sparse weights', 21_048, 'computed: 877 words/s/W of the poster'),
];

function speed(hardware: string, network: string, wordsPerS: number, source: string): PublishedSpeed {
  return { event: 'published', hardware, network, wordsPerS, source };
}
