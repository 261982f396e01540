//! Labelled synthetic columns: every kind in every dress, and columns that only look sensitive.

use shuyu_kernel::CivilDate;
use shuyu_privacy::governance::discovery::Sensitive;
use shuyu_testkit::{Random, registers};

/// A column with what it holds; `None` for one that holds nothing sensitive.
pub struct Labelled {
    pub name: String,
    pub kind: Option<Sensitive>,
    pub values: Vec<Option<String>>,
}

const SURNAMES: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
    "郭", "马", "罗", "欧阳", "司马", "和", "木",
];
const GIVEN: [&str; 40] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "勇", "艳", "杰", "涛", "明", "超", "秀兰", "霞",
    "平", "刚", "桂英", "建国", "志强", "海燕", "晓东", "子轩", "梓涵", "雨桐", "欣怡", "浩然", "宇航",
    "德福", "春梅", "立军", "玉珍", "凤琴", "文博", "思远", "嘉懿", "翼", "骁",
];
const PLACES: [&str; 8] = ["青山", "云溪", "石桥", "松岭", "禾田", "泉湾", "白沙", "桂林"];

fn digits(random: &mut Random, count: usize) -> String {
    (0..count)
        .map(|_| char::from(b'0' + u8::try_from(random.below(10)).unwrap()))
        .collect()
}

fn date(random: &mut Random, from: i64, to: i64) -> CivilDate {
    CivilDate::from_days(random.between(from * 365, to * 365))
}

fn luhn(mut body: String) -> String {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
            if d > 9 { d - 9 } else { d }
        })
        .sum();
    body.push(char::from(b'0' + u8::try_from((10 - sum % 10) % 10).unwrap()));
    body
}

/// One true value of a kind.
fn value(kind: Sensitive, seed: u64, random: &mut Random) -> String {
    let place = |random: &mut Random| random.pick(&PLACES);
    match kind {
        Sensitive::ResidentId => registers::person_id(seed, random.below(50_000))
            .unwrap()
            .reveal()
            .to_owned(),
        Sensitive::CreditCode => registers::credit_code(seed, random.below(20_000))
            .unwrap()
            .to_string(),
        Sensitive::MobilePhone => {
            let head = random.pick(&[
                "138", "139", "150", "158", "177", "186", "189", "199", "133", "166",
            ]);
            format!("{head}{}", digits(random, 8))
        }
        Sensitive::FixedPhone => {
            let area = random.pick(&["010", "0871", "0452", "021", "0931", "0431"]);
            let length = 7 - usize::from(random.chance(300));
            format!("{area}-{}{}", random.between(2, 8), digits(random, length))
        }
        Sensitive::BankCard => {
            let length = if random.chance(500) { 18 } else { 15 };
            luhn(format!("62{}", digits(random, length - 2)))
        }
        Sensitive::Passport => {
            if random.chance(500) {
                format!("E{}", digits(random, 8))
            } else {
                format!(
                    "E{}{}",
                    random.pick(&["A", "B", "F", "J", "K"]),
                    digits(random, 7)
                )
            }
        }
        Sensitive::VehiclePlate => {
            let head = random.pick(&["云A", "黑B", "甘A", "吉C", "京N"]);
            if random.chance(200) {
                format!("{head}D{}", digits(random, 5))
            } else {
                format!(
                    "{head}{}{}{}",
                    digits(random, 2),
                    random.pick(&["K", "7", "P"]),
                    digits(random, 2)
                )
            }
        }
        Sensitive::Email => format!(
            "user{}@{}",
            digits(random, 4),
            random.pick(&["example.cn", "mail.example.com"])
        ),
        Sensitive::IpAddress => {
            let net = random.pick(&["10", "172", "192", "59"]);
            format!(
                "{net}.{}.{}.{}",
                random.below(256),
                random.below(256),
                random.below(255)
            )
        }
        Sensitive::Address => {
            let (a, b, c) = (place(random), place(random), place(random));
            let number = random.between(1, 300);
            match random.below(3) {
                0 => format!("{a}市{b}区{c}路{number}号"),
                1 => format!("{a}县{b}镇{c}村{}组", random.between(1, 12)),
                _ => format!(
                    "{a}州{b}市{c}街道幸福小区{}栋{}单元{number}室",
                    random.between(1, 30),
                    random.between(1, 4)
                ),
            }
        }
        Sensitive::DivisionCode => format!("{}", 990_101 + random.below(15) + 100 * random.below(20)),
        Sensitive::PersonName => format!("{}{}", random.pick(&SURNAMES), random.pick(&GIVEN)),
        Sensitive::BirthDate => date(random, -25, 50).to_string(),
        Sensitive::Sex => random.pick(&["男", "女"]).to_owned(),
        Sensitive::MedicalCode => {
            let letter = random.pick(&["A", "C", "E", "I", "J", "K", "N", "O", "S"]);
            format!(
                "{letter}{}.{}",
                digits(random, 2),
                random.pick(&["0", "900", "1x1", "804"])
            )
        }
        Sensitive::Coordinate => format!(
            "{}.{},{}.{}",
            random.between(98, 106),
            digits(random, 6),
            random.between(21, 29),
            digits(random, 6)
        ),
        Sensitive::Amount => format!("{}.{}", random.between(1_000, 90_000), digits(random, 2)),
    }
}

/// Names of columns: Chinese, pinyin, English; and the nameless one that kinds without a check need not be found in.
fn names(kind: Sensitive) -> [&'static str; 3] {
    match kind {
        Sensitive::ResidentId => ["公民身份号码", "sfzhm", "resident_id"],
        Sensitive::CreditCode => ["统一社会信用代码", "tyshxydm", "credit_code"],
        Sensitive::MobilePhone => ["手机号码", "sjhm", "mobileNo"],
        Sensitive::FixedPhone => ["办公电话", "bgdh", "telephone"],
        Sensitive::BankCard => ["银行卡号", "yhkh", "bank_card"],
        Sensitive::Passport => ["护照号码", "hzhm", "passport_no"],
        Sensitive::VehiclePlate => ["号牌号码", "hphm", "plate_no"],
        Sensitive::Email => ["电子邮箱", "dzyx", "email"],
        Sensitive::IpAddress => ["登录IP", "ipdz", "client_ip"],
        Sensitive::Address => ["家庭住址", "jtzz", "home_address"],
        Sensitive::DivisionCode => ["行政区划代码", "xzqhdm", "areaCode"],
        Sensitive::PersonName => ["姓名", "xm", "full_name"],
        Sensitive::BirthDate => ["出生日期", "csrq", "birth_date"],
        Sensitive::Sex => ["性别", "xb", "gender"],
        Sensitive::MedicalCode => ["诊断编码", "zdbm", "icd10"],
        Sensitive::Coordinate => ["经纬度", "zb", "gps_location"],
        Sensitive::Amount => ["缴费金额", "je", "amount"],
    }
}

fn full_width(text: &str) -> String {
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap(),
        other => other,
    };
    text.chars().map(wide).collect()
}

fn grouped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let groups: Vec<String> = chars.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// Ways in which true values come: clean, mostly missing, full-width, in groups with spaces, mixed with other words,
/// with every twentieth mistyped.
fn dressed(kind: Sensitive, dress: usize, row: usize, (seed, random): (u64, &mut Random)) -> Option<String> {
    let clean = value(kind, seed, random);
    let by_digits = matches!(
        kind,
        Sensitive::ResidentId | Sensitive::CreditCode | Sensitive::BankCard | Sensitive::MobilePhone
    );
    match dress {
        1 if !row.is_multiple_of(10) => None,
        2 => Some(full_width(&clean)),
        3 if by_digits => Some(grouped(&clean)),
        4 if !row.is_multiple_of(3) => Some(random.pick(&["不详", "无", "见附件", "待补充"]).to_owned()),
        5 if row.is_multiple_of(20) => Some(clean.chars().rev().collect()),
        _ => Some(clean),
    }
}

/// All columns of one seed.
pub fn labelled(seed: u64, rows: usize) -> Vec<Labelled> {
    let mut columns = Vec::new();
    for kind in Sensitive::ALL {
        for dress in 0..6 {
            // The name goes round; the fourth is no name at all.
            let name = names(kind)
                .get((dress + usize::try_from(seed).unwrap()) % 4)
                .copied()
                .unwrap_or("field_7");
            let mut random = Random::of(seed, kind.code(), dress as u64);
            let values = (0..rows).map(|row| dressed(kind, dress, row, (seed, &mut random)));
            columns.push(Labelled {
                name: name.to_owned(),
                kind: Some(kind),
                values: values.collect(),
            });
        }
    }
    columns.extend(adversaries(seed, rows));
    columns
}

type Maker = fn(&mut Random) -> String;

/// Columns that hold nothing sensitive and look as if they did.
fn adversaries(seed: u64, rows: usize) -> impl Iterator<Item = Labelled> {
    const MAKERS: &[(&str, Maker)] = &[
        // Order numbers built like identity numbers: area, day, running number.
        ("order_no", |r| {
            format!(
                "530102{}{}",
                date(r, 50, 56).to_string().replace('-', ""),
                digits(r, 4)
            )
        }),
        ("code_1", |r| {
            format!(
                "230200{}{}",
                date(r, 10, 56).to_string().replace('-', ""),
                digits(r, 4)
            )
        }),
        ("流水号", |r| format!("62{}", digits(r, 16))),
        ("serial_no", |r| digits(r, 18)),
        ("sku", |r| format!("G{}", digits(r, 8))),
        ("item_code", |r| format!("E{}", digits(r, 8))),
        ("timestamp", |r| {
            r.between(1_600_000_000, 1_780_000_000).to_string()
        }),
        ("ts_ms", |r| {
            r.between(1_600_000_000_000, 1_780_000_000_000).to_string()
        }),
        ("batch", |r| format!("1{}", digits(r, 10))),
        ("event_no", |r| format!("{}{}", r.between(10, 99), digits(r, 9))),
        ("办理时间", |r| {
            format!("{} {:02}:{:02}:00", date(r, 50, 56), r.below(24), r.below(60))
        }),
        ("登记日期", |r| date(r, 48, 56).to_string()),
        ("版本号", |r| {
            format!("{}.{}.{}.{}", r.below(10), r.below(12), r.below(20), r.below(9))
        }),
        ("software", |r| {
            format!("{}.{}.{}.{}", r.below(10), r.below(12), r.below(30), r.below(9))
        }),
        ("product", |r| {
            r.pick(&[
                "苹果",
                "白菜",
                "黄瓜",
                "石榴",
                "马铃薯",
                "金针菇",
                "胡萝卜",
                "花生油",
                "高粱米",
                "牛肉",
            ])
            .to_owned()
        }),
        ("education", |r| {
            r.pick(&["小学", "初中", "高中", "大专", "本科", "博士"])
                .to_owned()
        }),
        ("部门", |r| {
            r.pick(&["财务部", "人事处", "安全科", "于洪区", "康平县", "信息中心"])
                .to_owned()
        }),
        ("行业", |r| {
            r.pick(&["种植", "养殖", "建筑", "运输", "制造", "零售", "餐饮", "教育"])
                .to_owned()
        }),
        ("机构名称", |r| {
            format!(
                "{}市{}区第{}人民医院",
                r.pick(&PLACES),
                r.pick(&PLACES),
                r.pick(&["一", "二", "三"])
            )
        }),
        ("事项", |r| {
            format!(
                "关于{}县{}项目的批复",
                r.pick(&PLACES),
                r.pick(&["道路", "水利", "学校"])
            )
        }),
        ("数量", |r| r.between(1, 5_000).to_string()),
        ("pm25", |r| format!("{}.{}", r.between(20, 120), digits(r, 1))),
        ("ratio", |r| format!("0.{}", digits(r, 6))),
        ("status", |r| r.pick(&["0", "1"]).to_owned()),
        ("postcode", |r| format!("65{}", digits(r, 4))),
        ("part_no", |r| {
            format!("{}{}", r.pick(&["A", "B", "C"]), digits(r, 2))
        }),
        ("hash", |r| digits(r, 32)),
        ("车型", |r| {
            format!("{}{}", r.pick(&["大众", "云内"]), digits(r, 4))
        }),
    ];
    MAKERS.iter().enumerate().map(move |(index, (name, maker))| {
        let mut random = Random::of(seed, "adversary", index as u64);
        let values = (0..rows)
            .map(|row| (row % 7 != 0).then(|| maker(&mut random)))
            .collect();
        Labelled {
            name: (*name).to_owned(),
            kind: None,
            values,
        }
    })
}

/// The testkit's own registers: column names of the header with their labels.
pub fn register_labels(column: &str) -> Option<Sensitive> {
    Some(match column {
        "resident_id" => Sensitive::ResidentId,
        "credit_code" => Sensitive::CreditCode,
        "name" => Sensitive::PersonName,
        "sex" => Sensitive::Sex,
        "birth_date" => Sensitive::BirthDate,
        "village_code" => Sensitive::DivisionCode,
        "monthly_base" => Sensitive::Amount,
        _ => return None,
    })
}
