// Words of the page “alliance”, both languages side by side.
const zh = {
  title: '联盟',
  heading: '成员单位',
  members: '{n} 个单位',
  empty: '尚未登记成员单位',
  emptyHint: '由系统管理员或联盟秘书处登记',
  agency: '单位',
  domain: '领域',
  code: '代码',
}
const en: typeof zh = {
  title: 'Alliance',
  heading: 'Member agencies',
  members: '{n} agencies',
  empty: 'No agency is registered yet',
  emptyHint: 'The system administrator or the secretariat registers them',
  agency: 'Agency',
  domain: 'Field',
  code: 'Code',
}
export const alliance = { zh, en }
