// Short names for what the REST interface answers. `schema.d.ts` is written from the code of the interface by
// `tools/web_build.py types`; moments are ISO 8601 in UTC, texts people read come as a pair `_zh`, `_en`.
import type { components } from './schema'

type Schemas = components['schemas']
/** The server writes every field of an answer, those with a default too. */
type Whole<T> = { [K in keyof T]-?: Exclude<T[K], undefined> }

export type Lang = 'zh' | 'en'

export interface Named {
  name_zh: string
  name_en: string
}

export type Me = Schemas['Me']
export type SecondStep = Schemas['SecondStep']
export type Own = Schemas['Own']
export type NewTotp = Schemas['NewTotp']
export type RecoveryCodes = Schemas['RecoveryCodes']
export type Agency = Schemas['Agency']
export type AgencyEntry = Whole<Schemas['AgencyEntry']>
export type Control = Whole<Schemas['Control']>
export type AllianceView = Whole<Schemas['Alliance']>
export type AllianceMember = Schemas['Member']
export type PowerHeld = Schemas['Power']
export type Act = Schemas['Act']
export type Holder = Schemas['Holder']
export type House = Schemas['House']
export type HouseOffice = Schemas['Office']
export type HouseDesk = Schemas['Desk']
export type Sitter = Schemas['Sitter']
export type Responsibility = Whole<Schemas['Responsibility']>
export type Fix = Schemas['Fix']
export type Alert = Whole<Schemas['Alert']>
export type Clue = Schemas['Clue']
export type Clock = Schemas['Clock']
export type Assignment = Schemas['Assignment']
export type Incident = Omit<Whole<Schemas['Incident']>, 'timeline'> & { timeline: LogEntry[] | null }
export type Unit = Whole<Schemas['Unit']>
export type Source = Whole<Schemas['Source']>
export type Track = Whole<Schemas['Track']>
export type Doer = Whole<Schemas['Doer']>

/** A fact as a line of a log; `words` are those of the note it refers to. */
export type LogEntry = Pick<Schemas['Entry'], 'no' | 'kind' | 'at' | 'body'> & { by: Doer; words?: string }

export type BoardSnapshot = Omit<Schemas['Board'], 'alerts' | 'incidents' | 'units' | 'sources'> & {
  alerts: Alert[]
  incidents: Incident[]
  units: Unit[]
  sources: Source[]
}

export type AgreementLine = Schemas['Line']
export type Annex = Whole<Schemas['AnnexSeen']>
export type AgreementSeen = Omit<Schemas['AgreementSeen'], 'annexes' | 'draft_annexes'> & { annexes: Annex[]; draft_annexes: Annex[] }
export type CopyOut = Schemas['CopySeen']
export type Cell = Schemas['CellSeen']
export type Choices = Schemas['Choices']
export type Look = Whole<Schemas['Look']>
export type Looks = Omit<Schemas['Looks'], 'looks'> & { looks: Look[] }
export type LedgerWhole = Schemas['Whole']
export type Offer = Schemas['Offer']
export type Export = Whole<Schemas['Export']>
export type Dispute = Whole<Schemas['Dispute']>
