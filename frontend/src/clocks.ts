// The three clocks of an incident, all from one T0. Pure: told what time it is.

export type Mood = 'calm' | 'soon' | 'over' | 'met' | 'met-late'

export const SOON_SHARE = 0.7

export interface ClockState {
  mood: Mood
  /** Seconds left; below zero: seconds past the limit. For a met clock: seconds it took. */
  seconds: number
  /** Share of the limit used, 0..1. */
  share: number
}

/** What a clock shows at `now`. All moments in ms; `met` is null while the clock runs. */
export function clockAt(t0: number, limit_s: number, met: number | null, now: number, soonShare = SOON_SHARE): ClockState {
  if (met !== null) {
    const took = Math.max(0, Math.round((met - t0) / 1000))
    return { mood: met - t0 > limit_s * 1000 ? 'met-late' : 'met', seconds: took, share: Math.min(1, took / limit_s) }
  }
  const used = Math.max(0, (now - t0) / 1000)
  const left = limit_s - used
  const mood: Mood = left <= 0 ? 'over' : used >= limit_s * soonShare ? 'soon' : 'calm'
  return { mood, seconds: left > 0 ? Math.ceil(left) : Math.trunc(left), share: Math.min(1, used / limit_s) }
}

/** `m:ss`, or `h:mm:ss` from an hour on, without a sign. */
export function figures(seconds: number): string {
  const whole = Math.abs(Math.trunc(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

const shanghai = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Shanghai',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const shanghaiDay = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

/** 24-hour clock of Asia/Shanghai, `14:03:27`. */
export const timeOfDay = (ms: number): string => shanghai.format(ms)

/** `2026-11-21 14:03:27 (UTC+8)`, for hovers. */
export const exactTime = (ms: number): string => `${shanghaiDay.format(ms)} ${shanghai.format(ms)} (UTC+8)`

/** A mirror of the server's clock: the least delayed of the last messages tells the difference best. */
export class ServerClock {
  private differences: number[] = []
  private difference = 0

  constructor(
    private readonly own: () => number = Date.now,
    private readonly kept = 30,
  ) {}

  hear(server_ms: number): void {
    this.differences.push(server_ms - this.own())
    if (this.differences.length > this.kept) this.differences.shift()
    this.difference = Math.max(...this.differences)
  }

  reset(): void {
    this.differences = []
  }

  now(): number {
    return this.own() + this.difference
  }
}
