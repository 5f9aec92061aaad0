// Two short tones, made here and not loaded: an alarm for grave alerts, a warning for the rest.
import { ref } from 'vue'

export type Tone = 'alarm' | 'warning'

const KEPT = 'jiangdun.sound'
const NOTES: Record<Tone, [frequency: number, at_s: number, for_s: number][]> = {
  alarm: [[880, 0, 0.16], [660, 0.2, 0.16], [880, 0.4, 0.16]],
  warning: [[587, 0, 0.22]],
}

export const soundOn = ref(localStorage.getItem(KEPT) !== 'off')
export const soundBlocked = ref(false)

let context: AudioContext | null = null

export function switchSound(on: boolean): void {
  soundOn.value = on
  localStorage.setItem(KEPT, on ? 'on' : 'off')
  if (!on) soundBlocked.value = false
}

/** Asks the browser for sound. From a click it is granted; without one it may be refused, and the board says so. */
export async function wakeSound(): Promise<boolean> {
  if (typeof AudioContext === 'undefined') return false
  context ??= new AudioContext()
  if (context.state !== 'running') {
    // A refused resume() never settles: do not wait for ever.
    await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 300))])
  }
  soundBlocked.value = soundOn.value && context.state !== 'running'
  return !soundBlocked.value
}

export async function play(tone: Tone): Promise<void> {
  if (!soundOn.value || !(await wakeSound()) || !context) return
  for (const [frequency, at, length] of NOTES[tone]) {
    const start = context.currentTime + at + 0.02
    const oscillator = context.createOscillator()
    const gain = context.createGain()
    oscillator.frequency.value = frequency
    gain.gain.setValueAtTime(0, start)
    gain.gain.linearRampToValueAtTime(0.22, start + 0.015)
    gain.gain.exponentialRampToValueAtTime(0.001, start + length)
    oscillator.connect(gain).connect(context.destination)
    oscillator.start(start)
    oscillator.stop(start + length + 0.02)
  }
}
