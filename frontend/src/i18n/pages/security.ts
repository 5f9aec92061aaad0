// Words of the page “security”, both languages side by side.
const zh = {
  title: '安全',
  heading: '等保三级控制项',
  about: '依据 GB/T 22239-2019 三级中软件可承担的 38 项。定级备案与测评由运营单位负责。',
  carried: '已具备 {n} 项',
  partly: '部分具备 {n} 项',
  site: '由站点负责 {n} 项',
  control: '控制项',
  state: '状态',
  proof: '证明它的测试',
  gap: '尚缺',
  stateOf: { carried: '已具备', partly: '部分具备', site: '由站点负责' },
}
const en: typeof zh = {
  title: 'Security',
  heading: 'Controls of level 3',
  about: 'The 38 controls of GB/T 22239-2019 level 3 that software can carry. Grading and evaluation are the operator’s.',
  carried: '{n} carried',
  partly: '{n} in part',
  site: '{n} the site’s',
  control: 'Control',
  state: 'State',
  proof: 'Tests that show it',
  gap: 'What is missing',
  stateOf: { carried: 'carried', partly: 'in part', site: 'the site’s' },
}
export const security = { zh, en }
