// Words of the question what somebody looks for, both languages side by side.
const zh = {
  heading: '请选择查看用途',
  why: '此内容由其他单位依协议共享，或涉及个人信息，只能用于下列用途。所选用途在本次打开期间有效，并记入查阅日志。',
}
const en: typeof zh = {
  heading: 'What is it for?',
  why: 'Another agency shares this by agreement, or it is about a person: it may be used for these purposes only. Your choice holds while this tab is open and is kept in the access ledger.',
}
export const purpose = { zh, en }
