//! What a column's name says: Chinese words, initials and syllables of pinyin, English.

use super::Sensitive;

/// The words of one kind. Chinese words count wherever they stand; the others as whole words of the name, or
/// as the whole name without its separators.
struct Words {
    kind: Sensitive,
    chinese: &'static [&'static str],
    latin: &'static [&'static str],
}

const WORDS: &[Words] = &[
    Words {
        kind: Sensitive::ResidentId,
        chinese: &["身份证", "身份号码", "公民身份", "证件号"],
        latin: &[
            "sfz",
            "sfzh",
            "sfzhm",
            "sfzjhm",
            "gmsfhm",
            "zjhm",
            "shenfenzheng",
            "idcard",
            "idno",
            "residentid",
            "identityno",
            "citizenid",
            "idnumber",
        ],
    },
    Words {
        kind: Sensitive::CreditCode,
        chinese: &["信用代码", "机构代码"],
        latin: &[
            "tyshxydm",
            "xydm",
            "shxydm",
            "tyxydm",
            "uscc",
            "creditcode",
            "zzjgdm",
        ],
    },
    Words {
        kind: Sensitive::MobilePhone,
        chinese: &["手机", "移动电话", "联系电话", "联系方式"],
        latin: &[
            "sj",
            "sjh",
            "sjhm",
            "shouji",
            "lxdh",
            "mobile",
            "mobileno",
            "cellphone",
            "phone",
            "phoneno",
            "tel",
        ],
    },
    Words {
        kind: Sensitive::FixedPhone,
        chinese: &[
            "固定电话",
            "固话",
            "座机",
            "办公电话",
            "联系电话",
            "家庭电话",
            "传真",
        ],
        latin: &[
            "gddh",
            "bgdh",
            "zuoji",
            "lxdh",
            "tel",
            "telephone",
            "landline",
            "fax",
            "officephone",
        ],
    },
    Words {
        kind: Sensitive::BankCard,
        chinese: &["银行卡", "银行账号", "银行帐号", "卡号", "账户号"],
        latin: &[
            "yhkh",
            "yhzh",
            "kahao",
            "bankcard",
            "cardno",
            "bankaccount",
            "accountno",
            "pan",
        ],
    },
    Words {
        kind: Sensitive::Passport,
        chinese: &["护照", "证件号"],
        latin: &["hzh", "hzhm", "huzhao", "passport", "passportno"],
    },
    Words {
        kind: Sensitive::VehiclePlate,
        chinese: &["车牌", "号牌", "车号"],
        latin: &[
            "cph",
            "cphm",
            "hphm",
            "chepai",
            "plate",
            "plateno",
            "licenseplate",
        ],
    },
    Words {
        kind: Sensitive::Email,
        chinese: &["邮箱", "电子邮件", "电邮"],
        latin: &["dzyx", "youxiang", "email", "mail", "emailaddress"],
    },
    Words {
        kind: Sensitive::IpAddress,
        chinese: &["网络地址"],
        latin: &["ip", "ipaddr", "ipaddress", "clientip", "ipdz"],
    },
    Words {
        kind: Sensitive::Address,
        chinese: &["地址", "住址", "住所", "居住地", "详址"],
        latin: &[
            "dz",
            "zz",
            "jtzz",
            "hjdz",
            "txdz",
            "zhuzhi",
            "dizhi",
            "address",
            "addr",
            "residence",
        ],
    },
    Words {
        kind: Sensitive::DivisionCode,
        chinese: &["行政区划", "区划代码", "地区代码", "县代码", "村代码", "籍贯代码"],
        latin: &[
            "xzqh",
            "xzqhdm",
            "qhdm",
            "division",
            "divisioncode",
            "areacode",
            "regioncode",
            "villagecode",
            "streetcode",
            "citycode",
            "adcode",
        ],
    },
    Words {
        kind: Sensitive::PersonName,
        chinese: &[
            "姓名",
            "名字",
            "联系人",
            "户主",
            "法定代表人",
            "负责人",
            "申请人",
            "经办人",
            "患者",
        ],
        latin: &[
            "xm",
            "xingming",
            "lxr",
            "hz",
            "fddbr",
            "fuzeren",
            "fullname",
            "personname",
            "realname",
            "contact",
            "patientname",
        ],
    },
    Words {
        kind: Sensitive::BirthDate,
        chinese: &["出生", "生日"],
        latin: &[
            "csrq",
            "csny",
            "chusheng",
            "shengri",
            "birth",
            "birthday",
            "birthdate",
            "dob",
            "born",
        ],
    },
    Words {
        kind: Sensitive::Sex,
        chinese: &["性别"],
        latin: &["xb", "xingbie", "sex", "gender"],
    },
    Words {
        kind: Sensitive::MedicalCode,
        chinese: &["诊断", "疾病", "病种"],
        latin: &[
            "zdbm",
            "zddm",
            "jbbm",
            "jbdm",
            "zhenduan",
            "icd",
            "icd10",
            "icdcode",
            "diagnosis",
            "diagnosiscode",
            "disease",
        ],
    },
    Words {
        kind: Sensitive::Coordinate,
        chinese: &["经度", "纬度", "坐标", "经纬"],
        latin: &[
            "jd",
            "wd",
            "jingdu",
            "weidu",
            "zb",
            "lng",
            "lon",
            "lat",
            "longitude",
            "latitude",
            "coord",
            "coordinate",
            "location",
            "gps",
        ],
    },
    Words {
        kind: Sensitive::Amount,
        chinese: &[
            "金额",
            "工资",
            "收入",
            "余额",
            "缴费基数",
            "费用",
            "薪",
            "价款",
            "基数",
        ],
        latin: &[
            "je", "jine", "gz", "gongzi", "sr", "ye", "jfjs", "amount", "salary", "income", "balance",
            "wage", "fee", "payment", "base",
        ],
    },
];

/// Words that speak against kinds without a check digit: orders, goods, versions, times of processing.
const CONTRARY_CHINESE: &[&str] = &[
    "订单",
    "流水",
    "批次",
    "商品",
    "产品",
    "版本",
    "型号",
    "时间戳",
    "物料",
    "单号",
];
const CONTRARY_LATIN: &[&str] = &[
    "order",
    "orderno",
    "ddh",
    "lsh",
    "serial",
    "sku",
    "product",
    "item",
    "version",
    "ver",
    "batch",
    "timestamp",
    "ts",
    "model",
    "part",
    "ticket",
];

/// A column's name, taken apart.
pub(super) struct Hints {
    chinese: String,
    words: Vec<String>,
    joined: String,
}

impl Hints {
    pub(super) fn of(column: &str) -> Self {
        let words = words(column);
        Self {
            chinese: column.to_owned(),
            joined: words.concat(),
            words,
        }
    }

    /// Whether the name has a word of the kind.
    pub(super) fn says(&self, kind: Sensitive) -> bool {
        let of_kind = WORDS.iter().filter(|words| words.kind == kind);
        of_kind
            .into_iter()
            .any(|words| self.has(words.chinese, words.latin))
    }

    /// Whether it speaks against personal contents.
    pub(super) fn contrary(&self) -> bool {
        self.has(CONTRARY_CHINESE, CONTRARY_LATIN)
    }

    fn has(&self, chinese: &[&str], latin: &[&str]) -> bool {
        let pairs = || self.words.iter().zip(self.words.iter().skip(1));
        let word = |word: &&str| {
            self.joined == **word
                || self.words.iter().any(|own| own == word)
                || pairs().any(|(a, b)| word.strip_prefix(a.as_str()) == Some(b.as_str()))
        };
        chinese.iter().any(|word| self.chinese.contains(word)) || latin.iter().any(word)
    }
}

/// The Latin words of a name: cut at separators, digits' ends and capitals, in small letters.
fn words(column: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut small_before = false;
    for c in column.chars() {
        let cut = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && small_before);
        if cut {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(c.to_ascii_lowercase());
        }
        small_before = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}
