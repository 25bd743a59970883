"""The words that the sample company is made of. Every name is invented; whoever is called so is so by chance."""

INDUSTRIES = {  # industry: (Chinese, English, Vietnamese-style English), used in company names
    "auto_parts": ("汽车零部件", "Auto Components"),
    "electronics": ("电子科技", "Electronics"),
    "food": ("食品", "Foods"),
    "chemicals": ("新材料", "Coatings"),
    "machinery": ("精密机械", "Machine Works"),
    "textiles": ("纺织", "Textiles"),
    "medical_devices": ("医疗器械", "Medical Devices"),
    "packaging": ("包装", "Packaging"),
    "metal": ("金属制品", "Castings"),
    "plastics": ("塑业", "Mouldings"),
}

TRADE_FIRST = (
    "砚禾yanhe 沐岚mulan 珩岳hengyue 翎越lingyue 绮川qichuan 澄屿chengyu 朔桐shuotong 岑澜cenlan 予柏yubai 霁原jiyuan "
    "栖岩qiyan 拓榆tuoyu 芮泊ruibo 凌杉lingshan 昀海yunhai 蔚台weitai 峤南qiaonan 隽木juanmu 桉石anshi 溯野suye "
    "棠岭tangling 弈航yihang 漾平yangping 筠谷yungu 烁庭shuoting"
)
TRADE_LAST = "达da 源yuan 辰chen 科ke 力li 锐rui 邦bang 特te 捷jie 宏hong 晟sheng 维wei"

CITIES = {
    "CN": "苏州 无锡 宁波 东莞 佛山 青岛 合肥 武汉 成都 重庆 长沙 常州 嘉兴 厦门 天津 郑州 西安 沈阳",
    "DE": "Stuttgart Dresden Bielefeld Augsburg Kassel",
    "US": "Cleveland Milwaukee Columbus Charlotte",
    "JP": "Nagoya Hamamatsu Osaka",
    "IN": "Pune Chennai Coimbatore",
    "VN": "Hanoi Haiphong Danang",
}
COUNTRIES = ("CN", "DE", "US", "JP", "IN", "VN")
COUNTRY_WEIGHTS = (80, 6, 5, 4, 3, 2)
ZONES = {
    "CN": "Asia/Shanghai",
    "DE": "Europe/Berlin",
    "US": "America/New_York",
    "JP": "Asia/Tokyo",
    "IN": "Asia/Kolkata",
    "VN": "Asia/Ho_Chi_Minh",
}
TRADE_ABROAD = {  # first words, legal form
    "DE": ("Birkhain Tannwerk Rotfels Moosgrund Elsterau Wiesdorn Kaltbrunn Nebelhorst", "GmbH"),
    "US": ("Copperfern Bluegate Stillmarsh Harrowell Pinemere Oakdrift Silverlark Redmoor", "Inc"),
    "JP": ("Senahara Mizunoe Takamori-dai Kirishino Asahara Wakanuma", "K.K."),
    "IN": ("Velmora Sundhara Kaverin Trilokya Anandeep Maruvel", "Pvt Ltd"),
    "VN": ("Hoatram Songlam-moi Vinhkieu Thanhmoc Ngocdien", "Co Ltd"),
}

SURNAMES = (
    "王wang 李li 张zhang 刘liu 陈chen 杨yang 赵zhao 黄huang 周zhou 吴wu 徐xu 孙sun 胡hu 朱zhu 高gao 林lin 何he 郭guo "
    "马ma 罗luo 梁liang 宋song 郑zheng 谢xie 韩han 唐tang 冯feng 于yu 董dong 萧xiao 程cheng 曹cao 袁yuan 邓deng 许xu "
    "傅fu 沈shen 曾zeng 彭peng 吕lv 苏su 卢lu 蒋jiang 蔡cai 贾jia 丁ding 魏wei 薛xue 叶ye 阎yan"
)
GIVEN = (
    "伟wei 芳fang 娜na 敏min 静jing 磊lei 洋yang 勇yong 艳yan 杰jie 娟juan 涛tao 明ming 超chao 霞xia 平ping 刚gang "
    "建国jianguo 志强zhiqiang 晓东xiaodong 海燕haiyan 文博wenbo 雨桐yutong 子轩zixuan 思远siyuan 佳怡jiayi 国华guohua "
    "丽萍liping 振宇zhenyu 春梅chunmei 家豪jiahao 欣然xinran 立新lixin 永康yongkang 慧敏huimin 俊峰junfeng 雪梅xuemei "
    "嘉宁jianing 宏亮hongliang 玉兰yulan 天佑tianyou 锦程jincheng 若曦ruoxi 培林peilin 卫东weidong 诗涵shihan"
)
PEOPLE_ABROAD = {  # first names, last names
    "DE": ("Anna Jonas Katrin Lukas Sabine Matthias Heike Tobias", "Brandt Keller Vogel Seidel Lorenz Pohl Ziegler"),
    "US": ("Emily Jason Karen Marcus Dana Brian Olivia Tyler", "Carter Hughes Nolan Bennett Pruitt Sawyer Ellis"),
    "JP": ("Haruka Kenji Yumi Takeshi Naoko Daisuke", "Ishida Morita Kuroda Hayashi Nakano Ueda"),
    "IN": ("Priya Arjun Kavita Rohan Deepa Sanjay", "Nair Kulkarni Iyer Deshmukh Reddy Menon"),
    "VN": ("Lan Minh Huong Quang Thao Duc", "Nguyen Tran Pham Vo Bui Dang"),
}

STAFF = [  # name, English handle, title
    ("秦予安", "qin.yuan", "销售服务台"),
    ("顾明远", "gu.mingyuan", "客户经理"),
    ("陆晓禾", "lu.xiaohe", "客户经理"),
    ("江若楠", "jiang.ruonan", "客户经理"),
    ("白景行", "bai.jingxing", "解决方案专家"),
    ("方可心", "fang.kexin", "客户经理"),
    ("石磊", "shi.lei", "实施工程师"),
    ("温以宁", "wen.yining", "客户成功经理"),
    ("Markus Thalberg", "markus.thalberg", "Account Manager DACH"),
    ("Grace Holloway", "grace.holloway", "Account Manager Americas"),
    ("任思齐", "ren.siqi", "国际客户经理"),
    ("叶知秋", "ye.zhiqiu", "重点客户经理"),
]

US_AREAS = [
    "202",
    "216",
    "303",
    "305",
    "312",
    "313",
    "404",
    "412",
    "414",
    "415",
    "502",
    "503",
    "512",
    "602",
    "612",
    "614",
    "615",
    "617",
    "619",
    "702",
]  # 555-01xx
DE_FICTION = ("3023125", "4066969", "6990009", "2214710", "8999998")  # ranges that the regulator keeps for films

MATERIAL = [
    "oee-checklist",
    "selection-guide",
    "spc-whitepaper",
    "traceability-handbook",
    "downtime-playbook",
    "roi-template",
    "auto-parts-case",
    "electronics-case",
    "food-case",
    "energy-report",
    "mes-comparison",
    "data-collection-guide",
]
PAGES = [
    "/",
    "/solutions/oee",
    "/solutions/quality",
    "/solutions/traceability",
    "/cases",
    "/docs/connect",
    "/about",
    "/pricing-faq",
]
MAILS = ["newsletter", "checklist", "peer-case", "comparison", "scenario-guide", "roi-worksheet", "webinar-invite"]
QUESTIONS = ["plc-protocols", "on-premise", "data-security", "erp-interface", "price-model", "rollout-time"]
TRIAL_STEPS = ["connect-machine", "map-signals", "first-oee", "quality-rule", "trace-batch", "invite-team"]
FAIRS = {"2026-05-20": "fair-2026-suzhou", "2026-07-08": "fair-2026-qingdao", "2026-09-22": "fair-2026-shanghai",
         "2026-10-21": "fair-2026-shenzhen", "2026-11-18": "fair-2026-guangzhou"}  # fmt: skip
ROLES = ("decision_maker", "champion", "user", "technical", "procurement", "finance", "")
ROLE_WEIGHTS = (12, 14, 26, 20, 10, 6, 12)
SOURCES = ("search", "fair", "webinar", "referral", "partner", "sales_visit")
SOURCE_WEIGHTS = (34, 22, 18, 10, 8, 8)


def pairs(words: str) -> list[tuple[str, str]]:
    """``"王wang 李li"`` as ``[("王", "wang"), ("李", "li")]``."""
    found = []
    for word in words.split():
        latin = "".join(letter for letter in word if letter.isascii())
        found.append((word.removesuffix(latin), latin))
    return found
