"""The rows of the sample company that tests look at one by one.

Eight leads whose sixty nights are checked by hand in ``tests/night/test_sixty_nights.py`` (change both together), and
the rows that are bad on purpose (``content/sample/README.md`` says why).
"""

OWNER = "S012"

ACCOUNTS = [  # id, name, industry, employees, country, city, plan, maintenance_ends
    ("A9001", "苏州砚禾川汽车零部件有限公司", "auto_parts", 640, "CN", "苏州", "", ""),
    ("A9002", "宁波澄屿朗包装有限公司", "packaging", 210, "CN", "宁波", "", "2026-05-31"),
    ("A9003", "合肥朔桐衍电子科技有限公司", "electronics", 1500, "CN", "合肥", "", ""),
    ("A9004", "青岛棠岭柏食品有限公司", "food", 880, "CN", "青岛", "professional", "2026-12-15"),
    ("A9006", "Quillhaven Castings Inc", "metal", 320, "US", "Cleveland", "", ""),
    ("A9007", "佛山弈航沃塑业有限公司", "plastics", 150, "CN", "佛山", "", ""),
    ("A9008", "常州筠谷旻精密机械有限公司", "machinery", 95, "CN", "常州", "", ""),
]

LEADS = [  # id, name, account, email, mobile, wecom_id, role, language, country, timezone, source, lifecycle
    ("L9001", "闻人捷", "A9001", "wenren.jie@yanhechuan.example", "13800139001", "wmSample9001", "champion",
     "zh-CN", "CN", "Asia/Shanghai", "search", "lead"),
    ("L9002", "言静", "A9002", "yan.jing@chengyulang.example", "13800139002", "wmSample9002", "decision_maker",
     "zh-CN", "CN", "Asia/Shanghai", "sales_visit", "lapsed"),
    ("L9003", "回晓峰", "A9003", "hui.xiaofeng@shuotongyan.example", "13800139003", "wmSample9003", "technical",
     "zh-CN", "CN", "Asia/Shanghai", "search", "lead"),
    ("L9004", "别鸿", "A9004", "bie.hong@tanglingbai.example", "13800139004", "wmSample9004", "procurement",
     "zh-CN", "CN", "Asia/Shanghai", "referral", "customer"),
    ("L9005", "薛采薇", "A9001", "xue.caiwei@yanhechuan.example", "13800139005", "", "procurement",
     "zh-CN", "CN", "Asia/Shanghai", "webinar", "lead"),
    ("L9006", "Laura Tardiff", "A9006", "laura.tardiff@quillhaven.example", "", "", "decision_maker",
     "en", "US", "America/New_York", "fair", "lead"),
    ("L9007", "林双双", "A9007", "", "", "wmSample9007", "user",
     "zh-CN", "CN", "Asia/Shanghai", "fair", "lead"),
    ("L9008", "尹山", "A9008", "", "", "", "user",
     "zh-CN", "CN", "Asia/Shanghai", "referral", "lead"),
]  # fmt: skip

CONSENTS = [  # lead, scope, action, occurred_at, source, wording, evidence
    ("L9001", "all", "granted", "2026-10-12T10:05:00+08:00", "form", "form-2026-03", "form entry F-90010"),
    ("L9002", "email", "granted", "2025-11-03T15:30:00+08:00", "contract", "contract-2025-01", "contract C-2025-118"),
    ("L9003", "all", "granted", "2026-07-20T09:40:00+08:00", "form", "form-2026-03", "form entry F-90030"),
    ("L9004", "all", "granted", "2025-12-15T11:00:00+08:00", "contract", "contract-2025-01", "contract C-2025-131"),
    ("L9004", "all", "withdrawn", "2026-11-20T14:20:00+08:00", "phone", "", "call note T-7731"),
    ("L9005", "email", "granted", "2026-09-29T16:10:00+08:00", "webinar", "webinar-2026-05", "registration W-20261015"),
    ("L9006", "email", "granted", "2026-11-18T11:15:00+08:00", "fair_card", "fair-2026-02", "signed card 1118-044"),
    ("L9007", "wecom", "granted", "2026-10-08T10:45:00+08:00", "wecom_contact", "wecom-2026-02", "contact added 90070"),
]

EVENTS = [  # lead, kind, occurred_at, about, source
    ("L9001", "form.submitted", "2026-10-12T10:05:00+08:00", "selection-guide", "website"),
    ("L9001", "email.opened", "2026-10-13T11:20:00+08:00", "checklist", "email"),
    ("L9001", "content.downloaded", "2026-10-14T09:30:00+08:00", "oee-checklist", "email"),
    ("L9001", "content.downloaded", "2026-10-15T20:10:00+08:00", "auto-parts-case", "website"),
    ("L9001", "worksheet.completed", "2026-10-19T17:45:00+08:00", "roi-worksheet", "website"),
    ("L9001", "trial.started", "2026-10-20T13:05:00+08:00", "", "trial"),
    ("L9001", "trial.step_done", "2026-10-21T10:00:00+08:00", "connect-machine", "trial"),
    ("L9001", "trial.step_done", "2026-10-22T10:15:00+08:00", "map-signals", "trial"),
    ("L9001", "trial.step_done", "2026-10-22T16:40:00+08:00", "first-oee", "trial"),
    ("L9001", "meeting.booked", "2026-10-28T09:50:00+08:00", "on-site", "website"),
    ("L9002", "trial.started", "2026-05-20T10:00:00+08:00", "", "trial"),
    ("L9002", "trial.step_done", "2026-05-22T10:00:00+08:00", "connect-machine", "trial"),
    ("L9002", "call.held", "2026-06-10T15:00:00+08:00", "end-of-contract", "sales"),
    ("L9003", "content.downloaded", "2026-07-20T09:40:00+08:00", "spc-whitepaper", "website"),
    ("L9003", "content.downloaded", "2026-07-25T21:05:00+08:00", "electronics-case", "website"),
    ("L9003", "worksheet.completed", "2026-10-12T14:00:00+08:00", "roi-worksheet", "website"),
    ("L9003", "trial.started", "2026-10-14T10:30:00+08:00", "", "trial"),
    ("L9003", "trial.step_done", "2026-10-15T11:00:00+08:00", "connect-machine", "trial"),
    ("L9004", "page.viewed", "2026-09-30T10:00:00+08:00", "/docs/connect", "website"),
    ("L9004", "email.replied", "2026-10-27T09:12:00+08:00", "year-in-numbers", "email"),
    ("L9005", "webinar.registered", "2026-09-29T16:10:00+08:00", "webinar-2026-10-15", "webinar"),
    ("L9005", "pricing.viewed", "2026-09-29T16:25:00+08:00", "/pricing", "website"),
    ("L9006", "fair.scanned", "2026-11-18T11:15:00+08:00", "fair-2026-guangzhou", "fair"),
    ("L9007", "fair.scanned", "2026-10-08T10:45:00+08:00", "open-day-2026", "fair"),
    ("L9007", "meeting.booked", "2026-10-26T11:00:00+08:00", "on-site", "wecom"),
    ("L9008", "content.downloaded", "2026-10-20T08:50:00+08:00", "downtime-playbook", "website"),
    ("L9008", "content.downloaded", "2026-10-20T08:58:00+08:00", "roi-template", "website"),
    ("L9008", "homework.handed_in", "2026-11-10T19:30:00+08:00", "community-homework-3", "community"),
]

BAD = {  # the last lines of the files
    "leads": [
        "L9901,坏邮箱,A0001,S002,not-an-address,,,user,zh-CN,CN,Asia/Shanghai,search,lead,false,false",
        "L9902,无此企业,A7777,S002,l9902@nowhere.example,,,user,zh-CN,CN,Asia/Shanghai,search,lead,false,false",
        "L9903,列数不对,A0001,S002,l9903@nowhere.example",
        "L9904,未知角色,A0001,S002,l9904@nowhere.example,,,emperor,zh-CN,CN,Asia/Shanghai,search,lead,false,false",
        ",没有编号,A0001,S002,noid@nowhere.example,,,user,zh-CN,CN,Asia/Shanghai,search,lead,false,false",
        "L9906,未知阶段,A0001,S002,l9906@nowhere.example,,,user,zh-CN,CN,Asia/Shanghai,search,prospect,false,false",
        "L9907,是否不清,A0001,S002,l9907@nowhere.example,,,user,zh-CN,CN,Asia/Shanghai,search,lead,perhaps,false",
        "L9908,无此员工,A0001,S777,l9908@nowhere.example,,,user,zh-CN,CN,Asia/Shanghai,search,lead,false,false",
    ],
    "consents": [
        "L7777,email,granted,2026-06-01T10:00:00+08:00,form,form-2026-03,form entry F-99001",
        "L0002,pigeon,granted,2026-06-01T10:00:00+08:00,form,form-2026-03,form entry F-99002",
        "L0003,email,granted,2026-06-31T10:00:00+08:00,form,form-2026-03,form entry F-99003",
    ],
    "events": [
        "E999001,L7777,page.viewed,2026-06-01T10:00:00+08:00,/,website",
        "E999002,L0002,brain.waved,2026-06-01T10:00:00+08:00,/,website",
        "E999003,L0003,page.viewed,the day before yesterday,/,website",
        "E999004,L0004,page.viewed,2026-06-01T10:00:00+08:00",
    ],
}
