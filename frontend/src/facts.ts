// The journal's facts as sentences of a log, in both languages. A kind without words is shown by its name, never hidden.
import type { LogEntry, Lang } from '@/api/types'
import { figures } from '@/clocks'

type Body = Record<string, unknown>
type Say = (body: Body, name: Names) => string

/** What a sentence may ask: names of codes in the reader's language. */
export interface Names {
  agency(code: string): string
  result(code: string): string
  clock(code: string): string
  source(code: string): string
  unit(id: string): string
  secrecy(code: string): string
}

const text = (body: Body, key: string): string => (body[key] === undefined || body[key] === null ? '' : String(body[key]))
const seconds = (body: Body, key: string): string => figures(Number(body[key] ?? 0))
const unit = (b: Body, n: Names): string => text(b, 'call_sign') || n.unit(text(b, 'unit_id'))
const via = (b: Body, n: Names): string => (b.source ? `（${n.source(text(b, 'source'))}）` : '')
const viaEn = (b: Body, n: Names): string => (b.source ? ` (${n.source(text(b, 'source'))})` : '')

const WORDS: Record<string, { zh: Say; en: Say }> = {
  'watch.AlertRaised': { zh: () => '规则告警', en: () => 'The rule raised an alert' },
  'watch.AlertConfirmed': { zh: () => '复算后确认告警', en: () => 'The alert was confirmed by the settled pass' },
  'watch.AlertChanged': { zh: () => '复算后修正告警', en: () => 'The alert was corrected by the settled pass' },
  'watch.AlertWithdrawn': { zh: () => '复算后撤回告警', en: () => 'The alert was withdrawn by the settled pass' },
  'watch.AlertAcknowledged': { zh: () => '确认告警', en: () => 'Acknowledged the alert' },
  'watch.AlertDismissed': { zh: () => '作为误报关闭', en: () => 'Dismissed as a false alarm' },
  'watch.AlertPromoted': { zh: () => '转为事件', en: () => 'An incident was made of it' },
  'response.ClueReceived': { zh: () => '作为线索进入研判', en: () => 'Waits in triage as a clue' },
  'response.ClueDismissed': { zh: () => '线索关闭', en: () => 'The clue was closed' },
  'response.IncidentOpened': {
    zh: (b) => `成为事件 ${text(b, 'number')}，开始计时`,
    en: (b) => `Became incident ${text(b, 'number')}; the clocks run`,
  },
  'response.IncidentSigned': { zh: () => '签收', en: () => 'Signed' },
  'response.UnitRequested': {
    zh: (b, n) => `向${n.agency(text(b, 'agency'))}请求 ${unit(b, n)}`,
    en: (b, n) => `Asked ${n.agency(text(b, 'agency'))} for ${unit(b, n)}`,
  },
  'response.RequestAccepted': {
    zh: (b, n) => `${n.agency(text(b, 'agency'))}接受请求，指令发给 ${unit(b, n)}`,
    en: (b, n) => `${n.agency(text(b, 'agency'))} accepted; ${unit(b, n)} is ordered`,
  },
  'response.UnitAssigned': {
    zh: (b, n) => `派遣 ${unit(b, n)}（${n.agency(text(b, 'agency'))}）`,
    en: (b, n) => `Assigned ${unit(b, n)} (${n.agency(text(b, 'agency'))})`,
  },
  'response.OrderAcknowledged': {
    zh: (b, n) => `${unit(b, n)} 确认指令${via(b, n)}`,
    en: (b, n) => `${unit(b, n)} acknowledged the order${viaEn(b, n)}`,
  },
  'response.UnitDeparted': {
    zh: (b, n) => `${unit(b, n)} 出发${via(b, n)}`,
    en: (b, n) => `${unit(b, n)} departed${viaEn(b, n)}`,
  },
  'response.UnitArrived': {
    zh: (b, n) => `${unit(b, n)} 到达现场${via(b, n)}`,
    en: (b, n) => `${unit(b, n)} is on scene${viaEn(b, n)}`,
  },
  'response.AssignmentDeclined': {
    zh: (b, n) => `${unit(b, n)} 退回指令`,
    en: (b, n) => `${unit(b, n)} declined`,
  },
  'response.AssignmentEnded': {
    zh: (b, n) => `${unit(b, n)} 任务结束`,
    en: (b, n) => `${unit(b, n)} is free again`,
  },
  'response.EvidenceAttached': {
    zh: (b) => `附证据 ${text(b, 'ref')}`,
    en: (b) => `Evidence attached: ${text(b, 'ref')}`,
  },
  'response.IncidentNoted': { zh: () => '补充记录', en: () => 'A note was added' },
  'response.IncidentHandled': {
    zh: (b, n) => `处置完成：${n.result(text(b, 'result'))}，转待复核`,
    en: (b, n) => `Handled: ${n.result(text(b, 'result'))}; to be reviewed`,
  },
  'response.IncidentLabelled': {
    zh: (b, n) => `密级由${n.secrecy(text(b, 'before'))}改为${n.secrecy(text(b, 'secrecy'))}`,
    en: (b, n) => `Sensitivity changed from ${n.secrecy(text(b, 'before'))} to ${n.secrecy(text(b, 'secrecy'))}`,
  },
  'response.IncidentReturned': { zh: () => '复核退回', en: () => 'Sent back by the reviewer' },
  'response.IncidentClosed': {
    zh: (b, n) => `复核通过，闭环（${n.result(text(b, 'result'))}）`,
    en: (b, n) => `Reviewed and closed (${n.result(text(b, 'result'))})`,
  },
  'response.ClockMet': {
    zh: (b, n) =>
      `${n.clock(text(b, 'clock'))}用时 ${seconds(b, 'elapsed_s')}，${b.on_time ? '按时' : `超过时限 ${seconds(b, 'limit_s')}`}`,
    en: (b, n) =>
      `${n.clock(text(b, 'clock'))} took ${seconds(b, 'elapsed_s')}, ${b.on_time ? 'on time' : `over the limit of ${seconds(b, 'limit_s')}`}`,
  },
  'response.ClockWarned': {
    zh: (b, n) => `${n.clock(text(b, 'clock'))}时限已过半`,
    en: (b, n) => `${n.clock(text(b, 'clock'))}: half the limit is gone`,
  },
  'response.ClockBreached': {
    zh: (b, n) => `${n.clock(text(b, 'clock'))}超时，须说明原因`,
    en: (b, n) => `${n.clock(text(b, 'clock'))}: the limit has passed, a reason is owed`,
  },
  'response.BreachExplained': {
    zh: (b, n) => `说明${n.clock(text(b, 'clock'))}超时原因`,
    en: (b, n) => `Explained why ${n.clock(text(b, 'clock'))} was late`,
  },
  'response.ReasonOverdue': {
    zh: (b, n) => `${n.clock(text(b, 'clock'))}超时原因逾期未报`,
    en: (b, n) => `The reason for ${n.clock(text(b, 'clock'))} is overdue`,
  },
  'response.AlertRevised': { zh: () => '来源告警有修正', en: () => 'The alert behind it was revised' },
}

export const WORDED_KINDS: readonly string[] = Object.keys(WORDS)

/** The sentence of one fact. */
export function sentence(entry: Pick<LogEntry, 'kind' | 'body'>, lang: Lang, names: Names): string {
  const words = WORDS[entry.kind]
  return words ? words[lang](entry.body, names) : entry.kind
}

/** Facts that carry bad news: drawn so. */
export const isBad = (kind: string, body: Body): boolean =>
  kind === 'response.ClockBreached' || kind === 'response.ReasonOverdue' || (kind === 'response.ClockMet' && body.on_time === false)
