import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnergyCounters } from './energy.js';

describe('EnergyCounters', () => {
  let folder: string;
  const counter = (name: string, microjoules: number, range = 1000): void => {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'energy_uj'), `${microjoules}\n`);
    writeFileSync(join(folder, name, 'max_energy_range_uj'), `${range}\n`);
  };
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'winnow-powercap-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('adds up packages, not what lies inside them', () => {
    counter('intel-rapl:0', 100);
    counter('intel-rapl:1', 200);
    counter('intel-rapl:0:0', 50);
    const counters = EnergyCounters.open(folder)!;
    const before = counters.read();
    counter('intel-rapl:0', 400);
    counter('intel-rapl:1', 205);
    counter('intel-rapl:0:0', 900);
    expect(counters.since(before)).toBeCloseTo(305e-6, 12);
  });

  it('goes on when a counter starts again', () => {
    counter('intel-rapl:0', 990);
    const counters = EnergyCounters.open(folder)!;
    const before = counters.read();
    counter('intel-rapl:0', 10);
    expect(counters.since(before)).toBeCloseTo(20e-6, 12);
  });

  it('is absent where there are no counters', () => {
    expect(EnergyCounters.open(folder)).toBeNull();
    expect(EnergyCounters.open(join(folder, 'nowhere'))).toBeNull();
    counter('intel-rapl:0', NaN);
    expect(EnergyCounters.open(folder)).toBeNull();
  });
});
