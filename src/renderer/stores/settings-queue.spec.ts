import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/contract.js';
import { SettingsQueue, type SettingsPatch } from './settings-queue.js';

/** A host that answers when the test says so. */
function slowHost() {
  let settings: Settings = DEFAULT_SETTINGS;
  const sent: SettingsPatch[] = [];
  const settled: Settings[] = [];
  const failed: SettingsPatch[] = [];
  const answers: ((error?: Error) => void)[] = [];
  const queue = new SettingsQueue(
    (patch) => {
      sent.push(patch);
      return new Promise((resolve, reject) => {
        answers.push((error) => {
          if (error) return reject(error);
          settings = { ...settings, ...patch };
          resolve(settings);
        });
      });
    },
    (value) => settled.push(value),
    (_error, patch) => failed.push(patch),
  );
  const answer = async (error?: Error) => {
    answers.shift()!(error);
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { queue, sent, settled, failed, answer };
}

const noise = (eta: number) => ({ noise: { kind: 'white' as const, eta, seed: 1 } });

describe('SettingsQueue', () => {
  it('sends one change at a time and only the newest of what was waiting', async () => {
    const { queue, sent, settled, answer } = slowHost();
    queue.push(noise(0.1));
    queue.push(noise(0.2));
    queue.push({ backend: 'onnx' });
    queue.push(noise(0.3));
    expect(sent).toEqual([noise(0.1)]);
    await answer();
    expect(sent).toEqual([noise(0.1), { ...noise(0.3), backend: 'onnx' }]);
    expect(settled).toEqual([]);
    let idle = false;
    void queue.idle().then(() => (idle = true));
    await Promise.resolve();
    expect(idle).toBe(false);
    await answer();
    expect(idle).toBe(true);
    expect(queue.busy).toBe(false);
    expect(settled.map((settings) => [settings.noise.eta, settings.backend])).toEqual([[0.3, 'onnx']]);
  });

  it('goes on after a failure and names what failed', async () => {
    const { queue, sent, settled, failed, answer } = slowHost();
    queue.push({ models: ['gone'] });
    queue.push(noise(0.4));
    await answer(new Error('no such model'));
    await answer();
    expect(failed).toEqual([{ models: ['gone'] }]);
    expect(sent).toHaveLength(2);
    expect(settled.at(-1)?.noise.eta).toBe(0.4);
  });
});
