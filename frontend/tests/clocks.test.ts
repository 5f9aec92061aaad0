import { describe, expect, test } from 'vitest'
import { clockAt, exactTime, figures, ServerClock, timeOfDay } from '@/clocks'

const T0 = Date.UTC(2026, 8, 1, 15, 5, 0)
const after = (s: number) => T0 + s * 1000

describe('a running clock', () => {
  test('is calm until seven tenths of its limit are used', () => {
    expect(clockAt(T0, 60, null, after(41.9)).mood).toBe('calm')
    expect(clockAt(T0, 60, null, after(42)).mood).toBe('soon')
  })
  test('turns at zero and counts on past it', () => {
    expect(clockAt(T0, 60, null, after(59.5))).toMatchObject({ mood: 'soon', seconds: 1 })
    expect(clockAt(T0, 60, null, after(60))).toMatchObject({ mood: 'over', seconds: 0 })
    expect(clockAt(T0, 60, null, after(101.7))).toMatchObject({ mood: 'over', seconds: -41, share: 1 })
  })
  test('does not show more than its limit when our clock lags behind T0', () => {
    expect(clockAt(T0, 60, null, after(-3))).toMatchObject({ mood: 'calm', seconds: 60, share: 0 })
  })
})

describe('a met clock', () => {
  test('shows the time taken and whether it was in time', () => {
    expect(clockAt(T0, 60, after(48), after(500))).toMatchObject({ mood: 'met', seconds: 48 })
    expect(clockAt(T0, 180, after(194), after(500))).toMatchObject({ mood: 'met-late', seconds: 194 })
  })
  test('is in time at the very limit', () => {
    expect(clockAt(T0, 60, after(60), after(61)).mood).toBe('met')
  })
})

test('figures are minutes and seconds, and hours when there are any', () => {
  expect([0, 9, 41, 60, 600, 3599, 3600, 7325, -75].map(figures)).toEqual([
    '0:00', '0:09', '0:41', '1:00', '10:00', '59:59', '1:00:00', '2:02:05', '1:15',
  ])
})

test('times of day are those of Asia/Shanghai on a 24-hour clock', () => {
  expect(timeOfDay(T0)).toBe('23:05:00')
  expect(timeOfDay(Date.UTC(2026, 8, 1, 16, 0, 1))).toBe('00:00:01')
  expect(exactTime(T0)).toBe('2026-09-01 23:05:00 (UTC+8)')
})

test('the server clock follows the least delayed message', () => {
  let own = 1000
  const clock = new ServerClock(() => own, 3)
  clock.hear(5000 - 40) // 40 ms on the way
  clock.hear(5000 - 5)
  clock.hear(5000 - 300)
  expect(clock.now()).toBe(4995)
  own = 2000
  expect(clock.now()).toBe(5995)
  for (let i = 0; i < 3; i++) clock.hear(2000 + 3990) // the server's clock was set back
  expect(clock.now()).toBe(5990)
})
